"""What somebody is told: notices in the site, and mail for those who want it."""
