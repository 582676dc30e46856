#include "trace/trace-target_s390x_softuv.h"
