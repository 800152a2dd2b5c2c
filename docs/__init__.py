"""Documents about the project, and what generates some of them. No part of what is installed."""
