"""Self-declared positions and education."""
