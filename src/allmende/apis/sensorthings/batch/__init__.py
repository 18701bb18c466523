"""Many requests in one (18-088, batch-request; OData 4.01 JSON batch): each part goes through the same doors."""
