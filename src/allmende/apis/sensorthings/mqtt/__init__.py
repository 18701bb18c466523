"""SensorThings over MQTT (18-088, clause 14): creating observations and receiving updates."""
