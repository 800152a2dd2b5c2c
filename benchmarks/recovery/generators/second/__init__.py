"""The second generator: personas behind successive choices, written without a look at the simulator."""
