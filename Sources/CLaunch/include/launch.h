// What happens before libraries begin; see launch.c.
#pragma once

// Ends it: the process may use all its cores again. To be called first in main.
void launch_end(void);
