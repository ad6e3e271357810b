using System.Text;

namespace Relay.TestKit;

/// <summary>Stands in for standard output: keeps every line, and lets a test wait for one.</summary>
internal sealed class LogCapture : Stream
{
    private readonly List<string> _all = [];
    private readonly Dictionary<string, int> _taken = [];
    private readonly List<byte> _partial = [];
    private TaskCompletionSource _grown = NewSignal();

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Brings in the lines that are on their way.</summary>
    public Action Settle { get; set; } = () => { };

    /// <summary>All lines so far.</summary>
    public string Text
    {
        get
        {
            Settle();
            lock (_all)
            {
                return string.Join('\n', _all);
            }
        }
    }

    /// <summary>The lines of one event so far.</summary>
    public IReadOnlyList<string> Of(string name)
    {
        Settle();
        lock (_all)
        {
            return [.. _all.Where(line => IsEvent(line, name))];
        }
    }

    /// <summary>Waits for the next line of an event: the first that was not yet returned here.</summary>
    public Task<string> NextAsync(string name, CancellationToken cancellationToken) => WaitAsync(
        $"'{name}' line",
        () =>
        {
            var taken = _taken.GetValueOrDefault(name);
            var next = _all.Where(line => IsEvent(line, name)).Skip(taken).FirstOrDefault();
            _taken[name] = next is null ? taken : taken + 1;
            return next;
        },
        cancellationToken);

    /// <summary>Waits for the first line that matches, whether or not it has been waited for before.</summary>
    public Task<string> FirstAsync(Predicate<string> matches, CancellationToken cancellationToken) =>
        WaitAsync("line that matches", () => _all.Find(matches), cancellationToken);

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        foreach (var octet in buffer)
        {
            if (octet != '\n')
            {
                _partial.Add(octet);
                continue;
            }

            var line = Encoding.UTF8.GetString([.. _partial]);
            _partial.Clear();
            TaskCompletionSource grown;
            lock (_all)
            {
                _all.Add(line);
                grown = _grown;
                _grown = NewSignal();
            }

            grown.SetResult();
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    // What is sought is looked for under the lock, each time the log has grown.
    private async Task<string> WaitAsync(string what, Func<string?> find, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task grown;
            lock (_all)
            {
                if (find() is { } line)
                {
                    return line;
                }

                grown = _grown.Task;
            }

            try
            {
                await grown.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, cancellationToken);
            }
            catch (Exception fault) when (fault is OperationCanceledException or TimeoutException)
            {
                throw new InvalidOperationException($"No {what} came. The log:\n{Text}", fault);
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static bool IsEvent(string line, string name) => line.Split(' ', 4) is [_, _, var shown, ..] && shown == name;
}
