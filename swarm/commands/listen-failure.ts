/** Why an address cannot be listened on, and what to do, for people. */
export function listenFailure(error: NodeJS.ErrnoException, option = '--listen'): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `the port is in use; is it running already? Choose another with ${option}`;
    case 'EADDRNOTAVAIL':
      return `this machine does not have the address; choose another with ${option}`;
    case 'EACCES':
      return `this user may not listen there; choose a port above 1023 with ${option}`;
    default:
      return error.message;
  }
}
