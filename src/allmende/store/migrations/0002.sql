CREATE TABLE sheetbooks (version INTEGER PRIMARY KEY, published BIGINT NOT NULL, actor TEXT NOT NULL, content TEXT NOT NULL);

CREATE TABLE cell_key (id INTEGER PRIMARY KEY, secret {bytes} NOT NULL);
