"""How fast the studio is under the hand; each module prints one JSON object."""
