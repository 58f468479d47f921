"""The studio on the network: one render worker, one socket a tab, a few routes.

``worker`` owns the models and makes pictures for everyone, ``live`` is the socket,
``routes`` the plain requests, ``fallback`` the way for pages that cannot keep a
socket, ``guards`` what stands before all of them.
"""
