-- Climate days of every stream of air temperature in every year, by the method of the indicator climate-days:
-- a UTC day counts when enough of its values are there. Streams of the same city keep apart; nothing is guessed.
WITH wanted AS (
  SELECT lake, stream, thing, simulated, coalesce(interval_seconds, 3600) AS step
  FROM streams
  WHERE observed = 'air-temperature' AND unit = 'Cel'
),
days AS (
  SELECT o.lake, o.stream, o.day, min(o.value) AS low, max(o.value) AS high, count(o.value) AS amount
  FROM observations AS o
  JOIN wanted AS w ON w.lake = o.lake AND w.stream = o.stream
  WHERE o.quality <> 3
  GROUP BY o.lake, o.stream, o.day
  HAVING count(o.value) > 0
),
judged AS (
  SELECT d.lake, d.stream, year(d.day) AS year, d.low, d.high,
    CASE WHEN d.amount >= {complete_share} * 86400 / w.step THEN 1 ELSE 0 END AS whole
  FROM days AS d
  JOIN wanted AS w ON w.lake = d.lake AND w.stream = d.stream
),
years AS (
  SELECT lake, stream, year,
    CAST(sum(whole) AS BIGINT) AS days,
    CAST(sum(1 - whole) AS BIGINT) AS sparse_days,
    CAST(sum(CASE WHEN high < {frost} THEN whole ELSE 0 END) AS BIGINT) AS ice_days,
    CAST(sum(CASE WHEN low < {frost} THEN whole ELSE 0 END) AS BIGINT) AS frost_days,
    CAST(sum(CASE WHEN high >= {summer} THEN whole ELSE 0 END) AS BIGINT) AS summer_days,
    CAST(sum(CASE WHEN high >= {hot} THEN whole ELSE 0 END) AS BIGINT) AS hot_days,
    CAST(sum(CASE WHEN low >= {tropical} THEN whole ELSE 0 END) AS BIGINT) AS tropical_nights,
    max(high) AS hottest,
    min(low) AS coldest
  FROM judged
  GROUP BY lake, stream, year
)
SELECT
  l.city, t.slug AS station, y.stream, w.simulated, CAST(y.year AS BIGINT) AS year, y.days, y.sparse_days,
  y.ice_days, y.frost_days, y.summer_days, y.hot_days, y.tropical_nights, y.hottest, y.coldest
FROM years AS y
JOIN wanted AS w ON w.lake = y.lake AND w.stream = y.stream
JOIN things AS t ON t.lake = w.lake AND t.thing = w.thing
JOIN lakes AS l ON l.lake = y.lake
ORDER BY l.city, y.stream, y.year
