"""The tables and all SQL. Plain SQLAlchemy 2; knows the domain and nothing above it."""
