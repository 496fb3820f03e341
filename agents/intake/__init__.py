"""What comes in from outside: files of tickets, read one by one, and batch triage over them.

Reading: `formats.open_inputs` opens files (or `-`) and `formats.read` gives, in the file's order,
an `Incoming` for each ticket that can be read and a `Reject`, with its line and the reason, for
each that cannot. A file that cannot be used at all is a `data.errors.BadFile`. CSV, JSON, JSON
Lines, single mails, mailboxes and the shapes of a Zendesk export are understood; nothing holds
more than one record and a bounded window in memory, whatever the size of the file.

Using: `batch` classifies records in batches and hands the rows to a sink (`streams` for standard
output, `partial` for files that appear whole or not at all and can be resumed). `queueing` puts
records into the queue through the service and threads answers to their tickets.

What belongs here: formats, names of fields, limits on what is accepted. What does not: what a
text means (`agents.understanding`), who may see it, and anything that draws on a terminal.
"""
