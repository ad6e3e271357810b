using Relay.Mail;

namespace Relay.Commands.Demo;

/// <summary>
/// The demo from end to end. What became of a message is what the lab's MX hosts saw; the relay's own log adds how far it
/// trusted them, and is never believed alone that something was not delivered.
/// </summary>
internal static class DemoRun
{
    // A message is settled within a second; a machine under load gets longer before the demo calls it unsettled.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly Settlement Unsettled = new(string.Empty, string.Empty, "the relay did not settle it in time");

    /// <summary>Runs it; empty when the settings are at fault. Leaves nothing behind.</summary>
    public static async Task<IReadOnlyList<DemoResult>> PlayAsync(
        DemoSetup setup, List<string> faults, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("relay-demo-").FullName;
        try
        {
            await using var lab = new DemoInternet();
            var cases = DemoStory.Stage(lab);
            await using (var first = await DemoRelay.StartAsync(lab, directory, setup, faults, cancellationToken))
            {
                if (first is null)
                {
                    return [];
                }

                await SendAsync(first, DemoStory.Remembered, "first message", cancellationToken);
            }

            DemoStory.Attack(lab);
            await using var second = await DemoRelay.StartAsync(lab, directory, setup, faults, cancellationToken);
            var settled = await Task.WhenAll(cases.Select(demo => SendAsync(second!, demo.Domain, MarkOf(demo), cancellationToken)));
            return [.. cases.Zip(settled, (demo, settlement) => Judge(demo, settlement, lab.TakenBy(MarkOf(demo))))];
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static string MarkOf(DemoCase demo) => $"This is the message to {demo.Domain}.";

    private static async Task<Settlement> SendAsync(
        DemoRelay relay, string domain, string mark, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(Patience, TimeProvider.System, cancellationToken);
        try
        {
            return await relay.SendAsync(domain, mark, deadline.Token);
        }
        catch (OperationCanceledException) when (deadline.Expired)
        {
            return Unsettled;
        }
    }

    private static DemoResult Judge(DemoCase demo, Settlement settlement, (string Mx, bool IsTls)? taken)
    {
        var outcome = taken switch
        {
            { IsTls: false } => DemoOutcome.DeliveredInClear,
            { } when settlement.Verified == "pkix" => DemoOutcome.DeliveredVerified,
            { } => DemoOutcome.DeliveredUnverified,
            null when settlement.Event == "deferred" => DemoOutcome.Deferred,
            null when settlement.Event == "bounced" => DemoOutcome.Bounced,
            null => DemoOutcome.Unsettled,
        };
        var asExpected = outcome == demo.Expected && taken?.Mx == demo.Mx;
        var why = asExpected ? demo.Why : Blame(demo, settlement, taken?.Mx);
        return new DemoResult(
            demo.Domain, demo.Situation, demo.Policy, outcome, demo.Expected, taken?.Mx, why, settlement.Words)
        {
            AsExpected = asExpected,
        };
    }

    private static string Blame(DemoCase demo, Settlement settlement, string? mx) =>
        $"WRONG: {(mx is null ? "no MX" : mx)} has it; right is {DemoTable.NameOf(demo.Expected)}"
        + $"{(demo.Mx is null ? string.Empty : $" to {demo.Mx}")}. The relay says: {settlement.Words}";
}
