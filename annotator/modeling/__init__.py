"""Training runs, model versions, the gate and promotion, schedules and triggers."""
