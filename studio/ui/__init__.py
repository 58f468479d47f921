"""The page: the shell, the room and its modules. Never imports torch."""
