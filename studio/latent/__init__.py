"""Steering: functions from recipes to recipes, and the directions they move along."""
