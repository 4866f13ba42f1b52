"""A run's folder and its ledger, and the engines that fill them; begin at `session.run`."""
