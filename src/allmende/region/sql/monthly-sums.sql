-- Sum and number of values of every stream in every UTC month: for counters, such as of bicycles or energy.
SELECT
  l.city, t.slug AS station, s.stream, s.observed, s.unit, s.simulated,
  CAST(m.year AS BIGINT) AS year, CAST(m.month AS BIGINT) AS month, m.total, m.amount
FROM (
  SELECT lake, stream, year(day) AS year, month(day) AS month, sum(value) AS total, count(value) AS amount
  FROM observations
  WHERE quality <> 3
  GROUP BY lake, stream, year(day), month(day)
  HAVING count(value) > 0
) AS m
JOIN streams AS s ON s.lake = m.lake AND s.stream = m.stream
JOIN things AS t ON t.lake = s.lake AND t.thing = s.thing
JOIN lakes AS l ON l.lake = m.lake
ORDER BY l.city, s.stream, m.year, m.month
