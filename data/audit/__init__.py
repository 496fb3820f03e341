"""Checking the record: the chains of the log, anchors kept elsewhere, exports of one ticket."""
