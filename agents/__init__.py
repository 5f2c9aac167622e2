"""Who trades: crowds of accounts and the distributions their parameters are drawn from."""
