using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Relay.Delivery;
using Relay.Delivery.Observations;
using Relay.Dns;
using Relay.Mail;
using Relay.TlsRpt;
using Relay.TlsRpt.Ledger;

namespace Relay.Benchmarks.DayOfSessions;

/// <summary>
/// A day of 10,000,000 sessions with 100,000 domains, counted and made into reports. The promises: all reports are built in
/// under 60 s, and memory stays under 300 MB above idle. Exit code 1 when one is missed.
/// </summary>
internal static class DayOfSessionsRun
{
    public const string Command = "day-of-sessions";

    private const int Domains = 100_000;
    private const int Sessions = 10_000_000;
    private const double MostSeconds = 60;
    private const double MostMegabytes = 300;

    public static async Task<int> RunAsync()
    {
        var directory = Directory.CreateTempSubdirectory("relay-day-");
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Relay:DataDirectory", directory.FullName), new("TlsRpt:Contact", "tls@relay.example")])
            .Build();
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(configuration).AddLogging().AddMetrics();
        services.AddSingleton(new DeliveryIdentity("relay.example"));
        services.AddRelayDns().AddTlsRpt(configuration);
        await using var provider = services.BuildServiceProvider();
        var ledger = provider.GetServices<IHostedService>().OfType<TlsSessionLedger>().Single();
        await ledger.StartAsync(CancellationToken.None);

        var clock = TimeProvider.System;
        var idle = Megabytes();
        var begin = clock.GetTimestamp();
        Parallel.For(0, Environment.ProcessorCount, worker => Count(ledger, worker, clock.GetUtcNow()));
        await ledger.StopAsync(CancellationToken.None);
        var counted = clock.GetElapsedTime(begin).TotalSeconds;

        begin = clock.GetTimestamp();
        var reports = provider.GetRequiredService<TlsReports>().Preview(null).Count();
        var built = clock.GetElapsedTime(begin).TotalSeconds;
        var above = Megabytes() - idle;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Sessions} sessions counted in {counted:F1} s; {reports} reports built in {built:F1} s; {above:F0} MB above idle at most"));
        directory.Delete(recursive: true);
        return reports == Domains && built < MostSeconds && above < MostMegabytes ? 0 : 1;
    }

    // One session in ten fails, as it does with a domain whose certificate has run out.
    private static void Count(TlsSessionLedger ledger, int worker, DateTimeOffset time)
    {
        var address = IPAddress.Parse("192.0.2.25");
        for (var session = worker; session < Sessions; session += Environment.ProcessorCount)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"d{session % Domains}.example");
            var domain = DomainName.TryParse(name, out var parsed) ? parsed : throw new UnreachableException();
            var fails = session % Domains % 10 == 0;
            ledger.Add(new TlsObservation
            {
                PolicyDomain = domain,
                Policy = ObservedPolicy.NoPolicyFound,
                Count = fails ? ObservationCount.Failure : ObservationCount.Success,
                Failures = fails ? [new ObservedFailure(TlsResultType.CertificateExpired, string.Empty)] : [],
                MxHost = name,
                SendingAddress = address,
                ReceivingAddress = address,
                Time = time,
            });
        }
    }

    // The most the process has had: Linux keeps it (VmHWM), and PeakWorkingSet64 reads it.
    private static double Megabytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 / (1024.0 * 1024.0);
    }
}
