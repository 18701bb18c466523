"""Questions over the lakes of one or several cities, answered by DuckDB or by a Spark cluster from one SQL text."""
