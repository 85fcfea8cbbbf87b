"""What a new world holds: people, tags, customers and groups, all drawn from one seed number."""
