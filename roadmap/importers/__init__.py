"""Import records from files and external services: parse, preview, then save as drafts."""
