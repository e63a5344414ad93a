"""How code runs: chains, runs, the line of those who wait, leases, where a run goes, what happens to it."""
