#include "messagehandler/congestion_controller.hpp"

#include "messagehandler/bbr.hpp"
#include "messagehandler/cubic.hpp"
#include "messagehandler/local_way.hpp"

namespace curvecp::messagehandler {

namespace {

std::unique_ptr<CongestionController> controller_for_paths(Congestion congestion) {
    switch (congestion) {
        case Congestion::Bbr:
            return std::make_unique<Bbr>();
        case Congestion::Cubic:
            return std::make_unique<Cubic>();
    }
    return nullptr;
}

}  // namespace

std::unique_ptr<CongestionController> make_controller(Congestion congestion, bool one_machine) {
    auto controller = controller_for_paths(congestion);
    if (!one_machine) return controller;
    return std::make_unique<LocalWay>(std::move(controller));
}

}  // namespace curvecp::messagehandler
