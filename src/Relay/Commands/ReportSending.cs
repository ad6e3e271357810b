using Relay.Admin;
using Spectre.Console;

namespace Relay.Commands;

/// <summary><c>relay report send</c>: lets the relay send, and shows how far it has come.</summary>
internal static class ReportSending
{
    private const int LinesAtMost = 10;

    public static async Task<int> SendAsync(AdminClient client, string choice, CancellationToken cancellationToken)
    {
        var answer = await client.StreamAsync<ReportSendingView>(HttpMethod.Post, $"reports/send{choice}", cancellationToken);
        if (answer is not AdminAnswer<IAsyncEnumerable<ReportSendingView>>.Found { Value: var steps })
        {
            return RelayCommandLine.NoRelay;
        }

        try
        {
            var copies = Console.IsOutputRedirected ? await LinesAsync(steps) : await BarAsync(steps);
            Console.WriteLine(copies == 0
                ? "Nothing is left to send; the day that goes on is sent after its end."
                : $"Tried {copies} copies; relay report list tells what became of each.");
            return RelayCommandLine.Done;
        }
        catch (IOException)
        {
            return RelayCommandLine.NoRelay;
        }
    }

    private static Task<int> BarAsync(IAsyncEnumerable<ReportSendingView> steps) =>
        OutputConsole.Open().Progress().StartAsync(async progress =>
        {
            var bar = progress.AddTask("Sending reports");
            var copies = 0;
            await foreach (var step in steps)
            {
                bar.MaxValue = Math.Max(1, step.Total);
                bar.Value = step.Copies is null ? step.Done : bar.MaxValue;
                copies = step.Copies ?? 0;
            }

            return copies;
        });

    private static async Task<int> LinesAsync(IAsyncEnumerable<ReportSendingView> steps)
    {
        var (shown, total, copies) = (0, 0, 0);
        await foreach (var step in steps)
        {
            var tenths = step.Total == 0 ? 0 : LinesAtMost * step.Done / step.Total;
            if ((tenths > shown || step.Total > total) && step.Copies is null)
            {
                Console.WriteLine($"{step.Done} of {step.Total} done");
            }

            (shown, total, copies) = (tenths, step.Total, step.Copies ?? 0);
        }

        return copies;
    }
}
