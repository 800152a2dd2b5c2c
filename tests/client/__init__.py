"""The client of the service: its rules without a network, and its methods against the service in process."""
