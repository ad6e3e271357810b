using Relay.Commands;

return await RelayCommandLine.InvokeAsync(args);
