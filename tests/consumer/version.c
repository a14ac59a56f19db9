/* A C program on an installed Nightingale. */
#include <stdio.h>

#include "nightingale/version.h"

int main(void) {
  printf("%s\n", NIGHTINGALE_VERSION);
  return 0;
}
