"""What the steps are built from: a server, load that records acknowledgements, crowds, a probe, a proxy."""
