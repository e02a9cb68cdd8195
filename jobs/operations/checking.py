"""What is wrong with an operation's parameters is collected as in every wire form."""

from jobs.spec.checking import Checker as Checker
from jobs.spec.checking import given as given
