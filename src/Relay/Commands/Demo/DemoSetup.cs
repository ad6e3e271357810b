namespace Relay.Commands.Demo;

/// <summary>What the command line says about a run of the demo.</summary>
/// <param name="Settings">Settings of the relay that come after the lab's own: <c>--MtaSts:Enabled=false</c>.</param>
/// <param name="Log">Opens the place for the relay's log; null for nowhere.</param>
internal sealed record DemoSetup(IReadOnlyList<string> Settings, Func<Stream>? Log);
