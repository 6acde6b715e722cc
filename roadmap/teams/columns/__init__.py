"""The columns of the matrix, a module for each kind."""
