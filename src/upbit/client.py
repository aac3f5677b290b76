"""`Upbit` and `AsyncUpbit`: two faces, one body.

Each speaks in two voices: the typed one (`client.orders.create(...) -> Order`, raises) and the documented one of 2023
(`client.Order.Order_new(...) -> {"response", "remaining_request", "result"}`, never raises on an error answer).
Nothing goes on the wire before the first call. Keys come from the arguments or the environment, never from a file.
"""

from __future__ import annotations

import os
import random
import time
from asyncio import sleep as async_sleep
