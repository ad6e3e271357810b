using Relay.Logging;

namespace Relay.Tests.Logging;

public sealed class LogOutputTests
{
    [Fact] // HARD: whoever stopped reading standard output cannot keep the relay from ending
    public void Dispose_ReaderStuck_ReturnsAnyway()
    {
        using var stream = new StuckStream();
        var output = new LogOutput(stream);
        output.Write("line\n"u8);
        Assert.True(stream.Entered.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        output.Dispose();
        stream.Release.Set();
    }

    private sealed class StuckStream : MemoryStream
    {
        public ManualResetEventSlim Entered { get; } = new();

        public ManualResetEventSlim Release { get; } = new();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Entered.Set();
            Release.Wait();
        }
    }
}
