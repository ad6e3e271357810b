using System.Text;

namespace Relay.Lab.Processes;

/// <summary>
/// What a process wrote, kept in a file; lines can be waited for. Costs little while nobody waits: lines are decoded
/// only then, so that a load test may read the log of the program it measures.
/// </summary>
public sealed class ProcessLog : IDisposable
{
    private readonly Lock _gate = new();
    private readonly FileStream _file;
    private readonly List<Waiter> _waiters = [];

    internal ProcessLog(string path) =>
        _file = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read, 65_536);

    /// <summary>Where the output is kept.</summary>
    public string Path => _file.Name;

    /// <summary>All complete lines so far.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate)
            {
                return ReadLines();
            }
        }
    }

    /// <summary>The last lines, for the message of a failure.</summary>
    public string Tail => string.Join('\n', Lines.TakeLast(40));

    /// <summary>The first line, written already or yet to be, that matches.</summary>
    public Task<string> WaitForAsync(Predicate<string> matches, CancellationToken cancellationToken)
    {
        var waiter = new Waiter(
            matches, new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_gate)
        {
            if (ReadLines().FirstOrDefault(line => matches(line)) is { } found)
            {
                return Task.FromResult(found);
            }

            _waiters.Add(waiter);
        }

        return waiter.Found.Task.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _file.Dispose();
        }
    }

    /// <summary>Takes in a stream to its end.</summary>
    internal async Task PumpAsync(Stream output)
    {
        var buffer = new byte[16_384];
        var filled = 0;
        int read;
        while ((read = await output.ReadAsync(buffer.AsMemory(filled))) > 0)
        {
            filled += read;
            var complete = buffer.AsSpan(0, filled).LastIndexOf((byte)'\n') + 1;
            Append(buffer.AsSpan(0, complete));
            buffer.AsSpan(complete, filled - complete).CopyTo(buffer);
            filled -= complete;
            if (filled == buffer.Length)
            {
                Array.Resize(ref buffer, filled * 2);
            }
        }

        Append([.. buffer.AsSpan(0, filled), .. filled > 0 ? "\n"u8 : []]);
    }

    private void Append(ReadOnlySpan<byte> lines)
    {
        lock (_gate)
        {
            if (!_file.CanWrite || lines.IsEmpty)
            {
                return;
            }

            _file.Write(lines);
            if (_waiters.Count > 0)
            {
                foreach (var line in Encoding.UTF8.GetString(lines).Split('\n'))
                {
                    _waiters.RemoveAll(waiter => waiter.Matches(line) && waiter.Found.TrySetResult(line));
                }
            }
        }
    }

    private string[] ReadLines()
    {
        if (_file.CanWrite)
        {
            _file.Flush();
        }

        using var reader = new StreamReader(new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private sealed record Waiter(Predicate<string> Matches, TaskCompletionSource<string> Found);
}
