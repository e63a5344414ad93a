"""Who there is: accounts and guests, their browsers and tokens, cohorts, and who may see whom."""
