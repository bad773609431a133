"""The error that commands turn into one clear message and a non-zero exit."""


class SynposeError(Exception):
    """Something the user can mend.

    The message names the file, flag or argument, what was found, what was expected and
    what to do. `synpose_tf.cli.run` prints it without a traceback and exits with 1.
    """


class TerminatedError(Exception):
    """The process was asked to end (SIGTERM) and has saved its work.

    `synpose_tf.cli.run` prints the message and exits with 143.
    """
