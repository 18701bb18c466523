-- Mean, least and greatest value of every stream on every UTC day; what is known to be bad is left out.
SELECT
  l.city, t.slug AS station, s.stream, s.observed, s.unit, s.simulated,
  d.day, d.mean, d.minimum, d.maximum, d.amount
FROM (
  SELECT lake, stream, day,
    avg(value) AS mean, min(value) AS minimum, max(value) AS maximum, count(value) AS amount
  FROM observations
  WHERE quality <> 3
  GROUP BY lake, stream, day
  HAVING count(value) > 0
) AS d
JOIN streams AS s ON s.lake = d.lake AND s.stream = d.stream
JOIN things AS t ON t.lake = s.lake AND t.thing = s.thing
JOIN lakes AS l ON l.lake = d.lake
ORDER BY l.city, s.stream, d.day
