using System.Text;
using System.Threading.Channels;

namespace Relay.Tests.EndToEnd;

/// <summary>Stands in for standard output: keeps every line, and lets a test wait for one.</summary>
internal sealed class LogCapture : Stream
{
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly List<string> _all = [];
    private readonly List<byte> _partial = [];
    private readonly List<(Predicate<string> Matches, TaskCompletionSource<string> Done)> _waiters = [];

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public string Text
    {
        get
        {
            lock (_all)
            {
                return string.Join('\n', _all);
            }
        }
    }

    /// <summary>The lines of one event so far.</summary>
    public IReadOnlyList<string> Of(string name)
    {
        lock (_all)
        {
            return [.. _all.Where(line => IsEvent(line, name))];
        }
    }

    /// <summary>Waits for the next line of an event that has not been waited for yet; lines of other events are passed over.</summary>
    public async Task<string> NextAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var line in _lines.Reader.ReadAllAsync(cancellationToken))
            {
                if (IsEvent(line, name))
                {
                    return line;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Falls through to the message that shows what was logged instead.
        }

        throw new InvalidOperationException($"No '{name}' line came. The log:\n{Text}");
    }

    /// <summary>Waits for the first line that matches, whether or not it has been waited for before.</summary>
    public Task<string> FirstAsync(Predicate<string> matches, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_all)
        {
            if (_all.Find(matches) is { } found)
            {
                return Task.FromResult(found);
            }

            _waiters.Add((matches, done));
        }

        return done.Task.WaitAsync(cancellationToken);
    }

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
            lock (_all)
            {
                _all.Add(line);
                _waiters.RemoveAll(waiter => waiter.Matches(line) && waiter.Done.TrySetResult(line));
            }

            _lines.Writer.TryWrite(line);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private static bool IsEvent(string line, string name) => line.Split(' ', 4) is [_, _, var shown, ..] && shown == name;
}
