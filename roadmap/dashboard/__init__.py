"""The dashboard, and the landing page for visitors."""
