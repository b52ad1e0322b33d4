// Nothing is exported: see processor.c.
#pragma once
