CREATE TABLE sheetbooks (version INTEGER PRIMARY KEY, published BIGINT NOT NULL, actor TEXT NOT NULL, content TEXT NOT NULL);
