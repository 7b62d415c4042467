"""The Django side: catalogue, people, jobs and the REST API. Never imports the machine-learning side."""
