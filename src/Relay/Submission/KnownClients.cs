using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.Configuration;
using Relay.Reception;

namespace Relay.Submission;

/// <summary>
/// Which accounts have authenticated from which clients in the last weeks. Kept in a file, so that a job that sends once a night is
/// still known after a restart; a file that cannot be used costs nobody more than to prove itself anew.
/// </summary>
internal sealed class KnownClients : BackgroundService
{
    /// <summary>How long a client is known after it last authenticated.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    /// <summary>The clients of one account, so that whoever has its password does not crowd out those of others.</summary>
    public const int ClientsOfAnAccount = 64;

    // Exact to a day: the file is not written for every login.
    private static readonly TimeSpan Precision = TimeSpan.FromDays(1);

    private readonly string _path;
    private readonly TimeProvider _clock;
    private readonly ILogger<KnownClients> _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Dictionary<AddressBlock, DateTimeOffset>> _seen = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _changed = new(0, 1);
    private bool _isSaved = true;
    private bool _isFailing;

    public KnownClients(IOptions<RelayOptions> options, TimeProvider clock, ILogger<KnownClients> logger)
    {
        _path = Path.Combine(options.Value.DataDirectory, "known-clients");
        _clock = clock;
        _logger = logger;
    }

    /// <summary>The account has authenticated from there.</summary>
    public bool Contains(AddressBlock client, string account)
    {
        lock (_lock)
        {
            return _seen.TryGetValue(account, out var clients) && clients.TryGetValue(client, out var time) && !IsOver(time);
        }
    }

    /// <summary>The account has just authenticated from there.</summary>
    public void Add(AddressBlock client, string account)
    {
        lock (_lock)
        {
            var now = _clock.GetUtcNow();
            if (!_seen.TryGetValue(account, out var clients))
            {
                _seen[account] = clients = [];
            }

            if (clients.TryGetValue(client, out var time) && now - time < Precision)
            {
                return;
            }

            Put(clients, client, now);
            _isSaved = false;
            if (_changed.CurrentCount == 0)
            {
                _changed.Release();
            }
        }
    }

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            Load();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _logger.KnownClientsUnusable(_path, fault.Message);
        }

        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Save();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _changed.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await _changed.WaitAsync(stoppingToken);
            Save();
        }
    }

    private static void Put(Dictionary<AddressBlock, DateTimeOffset> clients, AddressBlock client, DateTimeOffset time)
    {
        if (clients.Count >= ClientsOfAnAccount && !clients.ContainsKey(client))
        {
            clients.Remove(clients.MinBy(one => one.Value).Key);
        }

        clients[client] = time;
    }

    private bool IsOver(DateTimeOffset time) => _clock.GetUtcNow() - time >= Lifetime;

    private void Load()
    {
        lock (_lock)
        {
            var now = _clock.GetUtcNow();
            foreach (var (time, client, account) in KnownClientsFile.Read(_path))
            {
                if (!_seen.TryGetValue(account, out var clients))
                {
                    _seen[account] = clients = [];
                }

                // A clock that was ahead when this was written does not make it last for ever.
                Put(clients, client, time < now ? time : now);
            }
        }
    }

    // Never two at a time: the one task, and the end of the program once that has ended.
    private void Save()
    {
        List<KnownClient> all;
        lock (_lock)
        {
            if (_isSaved)
            {
                return;
            }

            _isSaved = true;
            Forget();
            all = [.. _seen.SelectMany(account => account.Value.Select(one => new KnownClient(one.Value, one.Key, account.Key)))];
        }

        try
        {
            KnownClientsFile.Write(_path, all);
            _isFailing = false;
        }
#pragma warning disable CA1031 // Nothing but convenience hangs on this file: whatever is wrong with it must not end the relay.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            lock (_lock)
            {
                _isSaved = false;
            }

            if (!_isFailing)
            {
                _isFailing = true;
                _logger.KnownClientsUnusable(_path, fault.Message);
            }
        }
    }

    private void Forget()
    {
        foreach (var (account, clients) in _seen)
        {
            foreach (var (client, time) in clients)
            {
                if (IsOver(time))
                {
                    clients.Remove(client);
                }
            }

            if (clients.Count == 0)
            {
                _seen.Remove(account);
            }
        }
    }
}
