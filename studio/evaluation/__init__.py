"""How good, how varied: numbers with their yardsticks."""
